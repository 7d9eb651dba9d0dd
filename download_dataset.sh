#!/bin/sh
# Fetch Danbooru's metadata and 512 px images by rsync; see usage below.
set -eu

mirror=rsync://78.46.86.149:873/danbooru2018
target=./dataset
files=
dry_run=
part=all

usage() {
    cat <<EOF
usage: sh download_dataset.sh [--target DIR] [--mirror ADDRESS] [--files LIST]
                              [--metadata_only | --images_only] [--dry_run]

The images that can be had today come from data sets on the Hugging Face hub, which this script does
not know. Put metadata into DIR/metadata (parquet or JSON; docs/dataset.md says where to get it),
then

  python preprocessor/tagset_extractor.py --dataset_path DIR
  python preprocessor/fetch_images.py --dataset_path DIR
  python preprocessor/tagset_extractor.py --dataset_path DIR --link

This script is the old way: it fetches the metadata and the SFW 512 px images of Danbooru2018
(241 GB) by rsync. Stop it at any time: the same command continues, with half-fetched files too.

  --target DIR      where the data set is made (default: $target)
  --mirror ADDRESS  rsync address, or folder, that holds metadata.json.tar.xz and 512px/
                    (default: $mirror)
  --files LIST      fetch only the images named in LIST, such as the tagset_missing.txt that
                    preprocessor/tagset_extractor.py writes
  --metadata_only   leave out the images
  --images_only     leave out the metadata
  --dry_run         show what would be fetched, and write nothing

The default address is the one the authors used; it no longer answers for many people. With another
copy of Danbooru2017 to 2021, from a mirror or by hand, what is needed is

  DIR/metadata/2018*            one JSON object per line (metadata/2017/2017* with --use_2017)
  DIR/512px/0167/263167.jpg     the folder is the id modulo 1000, in four digits

Only about one image in fifty is chosen, so this fetches a fraction of the 241 GB:

  sh download_dataset.sh --metadata_only
  python preprocessor/tagset_extractor.py
  sh download_dataset.sh --images_only --files dataset/tagset_missing.txt
  python preprocessor/tagset_extractor.py
EOF
}

fail() {
    echo "$1" >&2
    exit "$2"
}

while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --target | --mirror | --files) [ $# -gt 1 ] || fail "$1 needs a value; see --help" 2 ;;
    esac
    case $1 in
        --target) target=$2; shift ;;
        --target=*) target=${1#*=} ;;
        --mirror) mirror=$2; shift ;;
        --mirror=*) mirror=${1#*=} ;;
        --files) files=$2; shift ;;
        --files=*) files=${1#*=} ;;
        --metadata_only) part=metadata ;;
        --images_only) part=images ;;
        --dry_run) dry_run=--dry-run ;;
        *) fail "unknown option $1; see --help" 2 ;;
    esac
    shift
done

command -v rsync >/dev/null || fail "rsync is not installed (Debian: apt-get install rsync)" 2
[ -z "$files" ] || [ -f "$files" ] || fail "there is no list $files" 2

fetch() {
    # --ignore-missing-args would hide a wrong mirror; missing images are rsync's code 23.
    rsync $dry_run --partial --times --timeout=120 --info=progress2,name0 "$@" || {
        code=$?
        [ $code -eq 20 ] && fail "interrupted; run the same command again to continue" 130
        [ $code -eq 23 ] && fail "some files are not at $mirror (listed above); the others are in $target" 1
        fail "rsync from $mirror failed (code $code); run again to continue, or take the images from the hub (see --help), or give another --mirror" 1
    }
}

archive=$target/metadata.json.tar.xz
[ -n "$dry_run" ] || mkdir -p "$target/512px"

if [ $part = images ]; then
    :
elif [ ! -f "$archive" ] && [ -n "$(ls "$target/metadata" 2>/dev/null)" ]; then
    echo "metadata: already in $target/metadata"
else
    echo "metadata: from $mirror to $target/metadata"
    fetch "$mirror/metadata.json.tar.xz" "$target/"
    if [ -z "$dry_run" ]; then
        tar -xJf "$archive" -C "$target" || fail "$archive cannot be unpacked; remove it and run again" 1
        [ -d "$target/metadata" ] || fail "$archive holds no folder metadata; see docs/dataset.md" 1
        rm "$archive"
    fi
fi

if [ $part != metadata ]; then
    echo "images: from $mirror to $target/512px"
    if [ -n "$files" ]; then
        fetch --files-from="$files" "$mirror/512px/" "$target/512px/"
    else
        fetch --recursive "$mirror/512px/" "$target/512px/"
    fi
fi

[ -n "$dry_run" ] || echo "done: $target; next: python preprocessor/tagset_extractor.py --dataset_path $target"
