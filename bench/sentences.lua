-- The requests of wrk: each line of the file that is named after --, in turn.
local requests = {}
local next = 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("POST", "/", {["Content-Type"] = "application/json"}, '{"raw": "' .. line .. '"}')
    end
end

function request()
    next = next % #requests + 1
    return requests[next]
end
