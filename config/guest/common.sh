# SPDX-License-Identifier: GPL-3.0-or-later
# common.sh: what the guest builders share; sourced by them, with $name and $out set. Everything
# is made in a scratch directory inside the output directory and renamed into place at the end, so
# that a build that is killed leaves the last good guest as it was.

say() {
	echo "guest $name: $*"
}

die() {
	echo "guest $name: $*" >&2
	exit 1
}

# need TOOL...: all of them or the end
need() {
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing"
	done
}

# prepare OUTDIR: sets $out and $scratch and goes there
prepare() {
	PATH=$PATH:/usr/sbin:/sbin
	export PATH LC_ALL=C
	umask 022
	mkdir -p "$1"
	out=$(cd "$1" && pwd)
	rm -rf "$out/build.$name".*
	scratch=$(mktemp -d "$out/build.$name.XXXXXX")
	chmod 755 "$scratch"
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	cd "$scratch"
}

# kernel DIR: unpacks Debian's newest stock kernel there
kernel() {
	package=$(apt-cache depends linux-image-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	[ -n "$package" ] || die "no kernel package is known: run apt-get update"
	say "fetching $package"
	fetch "$package"
	dpkg-deb -x "$package"_*.deb "$1"
}

# fetch PACKAGE...: downloads the .deb files to the current directory
fetch() {
	apt-get -q -q -o APT::Sandbox::User=root download "$@" ||
		die "cannot download $*"
}

# debian DIR PACKAGES: a small Debian with them; SUITE and MIRROR may name another one, else it
# follows this machine's own apt sources
debian() {
	suite=${SUITE:-bookworm}
	mirror=${MIRROR:-$(apt-get indextargets --format '$(CODENAME) $(ORIGIN) $(REPO_URI)' \
		'Identifier: Packages' | sed -n "s/^$suite Debian //p" | head -n 1)}
	mirror=${mirror:-http://deb.debian.org/debian}
	proxy=$(apt-config dump Acquire::http::Proxy)
	mmdebstrap --quiet --variant=minbase --include="$2" \
		--aptopt='APT::Install-Recommends "false"' ${proxy:+--aptopt="$proxy"} \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		"$suite" "$1" "$mirror"
	# Nothing here draws in 3D, and Mesa's compiler is a third of everything.
	rm -rf "$1"/usr/lib/*/dri "$1"/usr/lib/*/libLLVM-* "$1"/usr/lib/*/libz3.so* \
		"$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*
}

# pack DIR FILE: the initial ram disk, the same bytes for the same tree
pack() {
	(cd "$1" && find . | sort | cpio -o -H newc --owner 0:0 --quiet --reproducible) |
		gzip -6n >"$2"
}

# publish FILE...: into the output directory, each in one step
publish() {
	for file; do
		mv "$file" "$out/$file.new"
		mv "$out/$file.new" "$out/$file"
	done
}
