#!/usr/bin/env python3
"""with_serve.py PROGRAM ARGUMENT...: run a program beside a real capd and `mcpd serve`, each an ordinary user.

MCP_URL is where it listens, MCP_TOKEN and MCP_OTHER_TOKEN are those of two callers, MCP_PID is the server's process.
"""

import os
import subprocess
import sys

from serve_client import TOKENS, Serve
import product


def main():
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd()
        with Serve(here) as serve:
            env = dict(os.environ, MCP_URL="http://127.0.0.1:%d/mcp" % serve.port, MCP_TOKEN=TOKENS["alice"],
                       MCP_OTHER_TOKEN=TOKENS["bob"], MCP_PID=str(serve.process.pid))
            code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, env=env, check=False).returncode
            if code != 0:
                for line in serve.said().splitlines()[-10:]:
                    print("# mcpd: " + line)
    return code


if __name__ == "__main__":
    sys.exit(main())
