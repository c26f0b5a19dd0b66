/* For cppcheck, which reads no system headers: the macros of other people that change the syntax.
 */
#define cJSON_ArrayForEach(e, a) for (e = (a) ? (a)->child : 0; e; e = e->next)
