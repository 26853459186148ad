"""Plan, references, controls and verdict: what an audit is, free of torch and of windows."""

from workbench.audit.evidence import compare_plan, judge_plan
from workbench.audit.findings import Evidence, PlanVerdict, RunEvidence
from workbench.audit.plan import Plan, read_plan
from workbench.audit.recomputation import recompute_aggregates
from workbench.audit.verdict import judge

__all__ = [
    "Evidence",
    "Plan",
    "PlanVerdict",
    "RunEvidence",
    "compare_plan",
    "judge",
    "judge_plan",
    "read_plan",
    "recompute_aggregates",
]
