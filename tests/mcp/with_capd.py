#!/usr/bin/env python3
"""with_capd.py PROGRAM ARGUMENT...: run a program with MCPD_COMMAND set to an `mcpd stdio` that may capture.

capd runs as an ordinary user with CAP_NET_RAW and nothing else, mcpd as another with nothing at all, both from a
scratch directory; everything ends with this program.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import product  # noqa: E402


def main():
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd()
        command = here.mcpd("stdio", "--capd", here.sock)
        env = dict(os.environ, MCPD_COMMAND=json.dumps(command))
        code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, env=env, check=False).returncode
        if code != 0:
            for line in here.capd_output().splitlines()[-10:]:
                print("# capd: " + line)
        return code


if __name__ == "__main__":
    sys.exit(main())
