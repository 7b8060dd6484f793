#!/bin/sh
# Renders the PNG sizes of icon.svg with a Chromium: `CHROMIUM=/path/to/chromium icons/render.sh`. Run it after the drawing changed.
set -eu
cd "$(dirname "$0")"
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
for size in 16 32 48 128; do
  printf '<!doctype html><style>html,body{margin:0;background:transparent}img{display:block;width:%spx;height:%spx}</style><img src="data:image/svg+xml;base64,%s">' \
    "$size" "$size" "$(base64 -w0 icon.svg)" >"$page"
  "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
    --window-size="$size,$size" --screenshot="$PWD/icon-$size.png" "file://$page" >/dev/null 2>&1
done
