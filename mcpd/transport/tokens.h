#ifndef MCPD_TRANSPORT_TOKENS_H
#define MCPD_TRANSPORT_TOKENS_H
/* Bearer tokens: a file of `name:token` or `name:token:uid` lines and # comments.  The name is the
 * caller; with a uid it is that user. */
#include "common/err.h"
#include "mcpd/mcp/tools.h"
#include <stdbool.h>
#include <stddef.h>

#define TOKENS_MAX     64u  /* callers; every one is compared with every request */
#define TOKEN_BYTES    128u /* of one token at most */
#define TOKEN_LEAST    16u  /* of one token at least: 16 random characters are out of reach */
#define TOKEN_NEW_BITS 256u /* of one we make */

struct tokens;

/* Read the file.  It must be a regular one, of root or of who runs us, readable for nobody else.
 * NULL: `fail` names file, line and what is allowed. */
struct tokens *tokens_read(const char *path, struct fail *fail);

/* Make the file with one random token, named "default", readable for us alone, and the directory
 * if it is missing.  False: `fail`. An existing file is left alone and is success. */
bool tokens_make(const char *path, bool *made_out, struct fail *fail);

/* Who shows `token`?  Returns its number in this set, from 1; 0: nobody.  Takes the same time
 * wherever a wrong token differs. */
unsigned tokens_find(const struct tokens *t, const char *token, struct caller *who_out);

/* The number in `t` of what is `number` in `before`: the same token of the same caller.  0: it is
 * not in `t`, or `number` is 0. */
unsigned tokens_kept(const struct tokens *t, const struct tokens *before, unsigned number);

/* The names of those in `t` that are not in `other`, with commas, cut with "..." to `cap` bytes.
 * Returns how many these are. */
unsigned tokens_only_in(const struct tokens *t, const struct tokens *other, char *names_out,
                        size_t cap);

size_t tokens_count(const struct tokens *t);
void tokens_free(struct tokens *t);

#endif
