#!/usr/bin/env bash
# Names everything the system lacks in one line that can be pasted.
set -u
python=${1:-python3}
missing=()
command -v git >/dev/null || missing+=(git)
command -v make >/dev/null || missing+=(make)
command -v g++ >/dev/null || missing+=(g++)
command -v perl >/dev/null && perl -MPod::Usage -MFindBin -e1 2>/dev/null || missing+=(perl)
if command -v "$python" >/dev/null; then
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || {
        echo "Pennywire needs Python 3.11 to 3.13, and $python is $("$python" -V 2>&1): set PYTHON=/path/to/one" >&2
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
else
    missing+=(python3 python3-venv)
fi
if ((${#missing[@]})); then
    echo "missing on this system: sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi
