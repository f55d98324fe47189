#!/usr/bin/env bash
# A customize hook of mmdebstrap: turns the tree of a bare Debian into one that boots from the first partition of a
# disk and lets cloud-init do the rest.
set -euo pipefail
root=$1

# The metapackage brings each new kernel; where a mirror lacks it, the kernel that it stands for today.
add_kernel() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$1"
}
metapackage=linux-image-cloud-amd64
add_kernel "$metapackage" ||
    add_kernel "$(chroot "$root" apt-cache depends --important "$metapackage" | sed -n 's/^ *Depends: //p' | head -n 1)"
[[ -e $root/vmlinuz && -e $root/initrd.img ]]

# The boot loader's core stands between the partition table and the partition; the rest is read from /boot/grub.
# update-grub, which each new kernel runs, replaces this grub.cfg by one of its own.
install -d "$root/boot/grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.{img,lst,mod} "$root/boot/grub/i386-pc/"
chroot "$root" grub-mkimage --format=i386-pc --output=/boot/grub/i386-pc/core.img --prefix='(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2 normal configfile linux
arguments='net.ifnames=0 console=tty0 console=ttyS0,115200'
cat >"$root/boot/grub/grub.cfg" <<END
linux /vmlinuz root=LABEL=root ro quiet $arguments
initrd /initrd.img
boot
END
install -d "$root/etc/default/grub.d"
cat >"$root/etc/default/grub.d/machines.cfg" <<END
GRUB_TIMEOUT=0
GRUB_TERMINAL=console
GRUB_CMDLINE_LINUX='$arguments'
END
echo 'LABEL=root / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"

echo 'datasource_list: [NoCloud, None]' >"$root/etc/cloud/cloud.cfg.d/90_datasource.cfg"
# It looks for LVM snapshots at each boot.
chroot "$root" systemctl mask e2scrub_reap.service
# What belongs to the machine that built the image, or to one VM alone.
rm -f "$root"/etc/resolv.conf "$root"/etc/hostname "$root"/etc/ssh/ssh_host_*
# Unlike the lab's containers, these hosts are to outlive a power cut.
sed -i /force-unsafe-io/d "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
