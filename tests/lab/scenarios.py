"""Scenarios of the lab as one test program: each a function that takes Checks."""

import lab as lab_module
import product
from stdio_client import Checks


def run_scenarios(name, scenarios):
    """Runs them in turn and prints TAP; returns the exit status.  A lab that cannot be made fails its scenario, not the others."""
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - %s # SKIP the lab needs %s" % (name, ", ".join(gone)))
        return 0
    product.install_signal_handlers()
    checks = Checks()
    for scenario in scenarios:
        try:
            scenario(checks)
        except lab_module.LabError as why:
            checks.check("%s: the lab failed" % scenario.__name__, False, why)
    return checks.end()
