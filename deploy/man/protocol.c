/* Prints the protocol while the manual pages are made: what `capd --protocol` prints, by a program
 * for the machine that builds, which in a cross build could not run capd.
 * Runs in: the build.  Input trust: none. */
#include "common/protocol.h"

int main(void) {
    protocol_print(stdout);
    return ferror(stdout) || fflush(stdout) != 0;
}
