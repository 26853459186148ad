"""What tests share: above all the conformance kit, checks that any plugin must pass."""

from workbench.testing.checks import CheckFailed, CheckResult, NotApplicable, Status, run_check
from workbench.testing.method_bench import MethodBench, MethodRun, small_bench
from workbench.testing.method_checks import METHOD_CHECKS, check_method, quick_params

__all__ = [
    "METHOD_CHECKS",
    "CheckFailed",
    "CheckResult",
    "MethodBench",
    "MethodRun",
    "NotApplicable",
    "Status",
    "check_method",
    "quick_params",
    "run_check",
    "small_bench",
]
