import subprocess
import sys


def test_the_audit_is_imported_without_the_slow_part_of_scipy():
    code = "import sys, workbench.audit; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
