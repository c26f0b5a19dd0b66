# For the suites that need packages of npm: sourced by them, with $top set.

skip() {
    echo "ok 1 - $suite # SKIP $1"
    echo "1..1"
    exit 0
}

# npm_ready FOLDER OUT MIN_NODE: install FOLDER's package.json and lock file under OUT, once; then $npm is OUT and
# $node a node of at least that version: the system's, or npm's own copy (an optional dependency) where that is older.
npm_ready() {
    npm=$2
    command -v npm >/dev/null && command -v node >/dev/null || skip "npm not found"
    omit=
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$3" ] && omit=--omit=optional
    mkdir -p "$npm"
    stamp=$(cat "$1/package.json" "$1/package-lock.json" | cksum)$omit
    if [ "$stamp" != "$(cat "$npm/stamp" 2>/dev/null)" ]; then
        cp "$1/package.json" "$1/package-lock.json" "$npm/"
        if ! (cd "$npm" && npm ci --ignore-scripts --no-audit --no-fund $omit >npm.log 2>&1); then
            # Only a registry out of reach is a reason to skip; anything else is a failure.
            grep -qE 'ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network' "$npm/npm.log" &&
                skip "npm registry not reachable"
            echo "not ok 1 - npm ci"
            tail -20 "$npm/npm.log" | sed 's/^/# /'
            echo "1..1"
            exit 1
        fi
        echo "$stamp" >"$npm/stamp"
    fi
    node=$(command -v node)
    [ -z "$omit" ] && node=$(ls "$npm"/node_modules/node-linux-*/bin/node | head -1)
    export MCP_NODE_MODULES="$npm/node_modules"
}
