"""The committed code of the control API is what its proto file gives."""

import subprocess
import sys


def test_generated_code_is_fresh(request):
    script = request.config.rootpath / "scripts" / "generate_proto.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
