/* Argument validation for models rather than for programs: every complaint says what to write
 * instead, so that the next call can be right.  All violations are told at once (up to four),
 * because each round trip costs a model a turn. Runs in: mcpd. Input trust: client (checked by
 * json_check). */
#include "mcpd/mcp/argcheck.h"
#include "common/text.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COMPLAINTS 4u
#define SHOWN_BYTES     72u /* of a value that was given */

/* A text that grows until it is full, then stays valid and cut. */
struct text {
    char *p;
    size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...) {
    va_list ap;
    if (t->len + 1 >= t->cap) return;
    va_start(ap, fmt);
    int n = vsnprintf(t->p + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    if (n <= 0) return;
    t->len += (size_t)n < t->cap - t->len ? (size_t)n : t->cap - t->len - 1;
}

static const cJSON *get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *type_of_schema(const cJSON *property) {
    const cJSON *type = get(property, "type");
    return cJSON_IsString(type) ? type->valuestring : "";
}

/* ---- the schema itself -------------------------------------------------------------- */

static bool word_in(const char *word, const char *const *list) {
    for (; *list; list++)
        if (strcmp(word, *list) == 0) return true;
    return false;
}

static bool property_ok(const cJSON *property, char *why, size_t cap) {
    static const char *const keywords[] = {"type",      "enum",    "minimum", "maximum",
                                           "maxLength", "default", "title",   "description",
                                           "examples",  NULL};
    static const char *const types[] = {"string", "integer", "number", "boolean", NULL};
    const cJSON *k;
    if (!cJSON_IsObject(property)) {
        snprintf(why, cap, "property %s is no object", property->string);
        return false;
    }
    cJSON_ArrayForEach(k, property) {
        if (word_in(k->string, keywords)) continue;
        snprintf(why, cap, "property %s uses the keyword %s, which is not enforced",
                 property->string, k->string);
        return false;
    }
    if (word_in(type_of_schema(property), types)) return true;
    snprintf(why, cap, "property %s has no type that is enforced", property->string);
    return false;
}

bool argcheck_schema_ok(const cJSON *schema, char *why, size_t cap) {
    static const char *const keywords[] = {
        "$schema", "type", "properties", "required", "additionalProperties", NULL};
    const cJSON *k, *properties = get(schema, "properties");
    if (!cJSON_IsObject(schema) || strcmp(type_of_schema(schema), "object") != 0) {
        snprintf(why, cap, "the root must have \"type\":\"object\"");
        return false;
    }
    cJSON_ArrayForEach(k, schema) {
        if (word_in(k->string, keywords)) continue;
        snprintf(why, cap, "the root uses the keyword %s, which is not enforced", k->string);
        return false;
    }
    if (!cJSON_IsFalse(get(schema, "additionalProperties"))) {
        snprintf(why, cap, "\"additionalProperties\":false is missing");
        return false;
    }
    cJSON_ArrayForEach(k, properties) if (!property_ok(k, why, cap)) return false;
    cJSON_ArrayForEach(k, get(schema, "required")) {
        if (cJSON_IsString(k) && get(properties, k->valuestring)) continue;
        snprintf(why, cap, "required names something that is no property");
        return false;
    }
    return true;
}

/* ---- words for people and models ---------------------------------------------------- */

/* Bytes from the client, cut to SHOWN_BYTES at a character, control and bidirectional characters
 * escaped. */
static void put_clipped(struct text *t, const char *raw) {
    char
        shown[4 * SHOWN_BYTES + 1]; /* an escape takes at most four times the bytes it stands for */
    size_t len = strlen(raw), cut = len;
    if (len > SHOWN_BYTES)
        for (cut = SHOWN_BYTES; cut > 0 && (raw[cut] & 0xc0) == 0x80;) cut--;
    text_clean((const uint8_t *)raw, cut, shown, sizeof shown);
    put(t, "%s%s", shown, cut < len ? "…" : "");
}

static void put_given(struct text *t, const cJSON *value) {
    if (cJSON_IsString(value)) {
        put(t, "\"");
        put_clipped(t, value->valuestring);
        put(t, "\"");
        return;
    }
    char *printed = cJSON_PrintUnformatted(value);
    put_clipped(t, printed ? printed : "");
    free(printed);
}

static void put_json(struct text *t, const cJSON *value) {
    char *printed = cJSON_PrintUnformatted(value);
    put(t, "%s", printed ? printed : "");
    free(printed);
}

static void put_allowed(struct text *t, const cJSON *property) {
    const cJSON *choices = get(property, "enum"), *choice;
    const cJSON *low = get(property, "minimum"), *high = get(property, "maximum");
    const cJSON *longest = get(property, "maxLength");
    const char *type = type_of_schema(property);
    if (choices) {
        put(t, "one of ");
        cJSON_ArrayForEach(choice, choices) {
            if (choice != choices->child) put(t, ", ");
            put_json(t, choice);
        }
        return;
    }
    put(t,
        strcmp(type, "boolean") == 0   ? "true or false"
        : strcmp(type, "integer") == 0 ? "an %s"
                                       : "a %s",
        type);
    if (low && high) put(t, " from %.15g to %.15g", low->valuedouble, high->valuedouble);
    if (low && !high) put(t, " of at least %.15g", low->valuedouble);
    if (high && !low) put(t, " of at most %.15g", high->valuedouble);
    if (longest) put(t, " of at most %.15g characters", longest->valuedouble);
}

/* A value that is right: the schema's own example, else its default, else the first choice, else
 * the least. */
static const cJSON *example_of(const cJSON *property) {
    const cJSON *examples = get(property, "examples"), *choices = get(property, "enum");
    if (examples && examples->child) return examples->child;
    if (get(property, "default")) return get(property, "default");
    if (choices && choices->child) return choices->child;
    return get(property, "minimum");
}

static void put_example(struct text *t, const cJSON *property) {
    const cJSON *example = example_of(property);
    if (!example) return;
    put(t, " Example: {\"%s\":", property->string);
    put_json(t, example);
    put(t, "}");
}

/* ---- one value ---------------------------------------------------------------------- */

static size_t code_points(const char *utf8) {
    size_t n = 0;
    for (; *utf8; utf8++) n += (*utf8 & 0xc0) != 0x80;
    return n;
}

static bool type_fits(const cJSON *value, const char *type) {
    if (strcmp(type, "string") == 0) return cJSON_IsString(value);
    if (strcmp(type, "boolean") == 0) return cJSON_IsBool(value);
    if (!cJSON_IsNumber(value)) return false;
    if (strcmp(type, "number") == 0) return true;
    return floor(value->valuedouble) == value->valuedouble;
}

static bool value_fits(const cJSON *value, const cJSON *property) {
    const cJSON *choices = get(property, "enum"), *choice;
    const cJSON *low = get(property, "minimum"), *high = get(property, "maximum");
    const cJSON *longest = get(property, "maxLength");
    if (!type_fits(value, type_of_schema(property))) return false;
    if (cJSON_IsNumber(value)) {
        if (low && value->valuedouble < low->valuedouble) return false;
        if (high && value->valuedouble > high->valuedouble) return false;
    }
    if (longest && cJSON_IsString(value) &&
        (double)code_points(value->valuestring) > longest->valuedouble)
        return false;
    if (!choices) return true;
    cJSON_ArrayForEach(choice, choices) if (cJSON_Compare(value, choice, true)) return true;
    return false;
}

/* ---- all of them -------------------------------------------------------------------- */

struct complaints {
    struct text text;
    unsigned count;
};

/* Start the next line; false if enough has been said. */
static bool complain(struct complaints *c) {
    if (c->count++ >= MOST_COMPLAINTS) return false;
    if (c->count > 1) put(&c->text, "\n");
    return true;
}

static void check_given(const cJSON *schema, const cJSON *args, struct complaints *c) {
    const cJSON *arg, *known, *properties = get(schema, "properties");
    cJSON_ArrayForEach(arg, args) {
        const cJSON *property = get(properties, arg->string);
        if (property && value_fits(arg, property)) continue;
        if (!complain(c)) return;
        put(&c->text, "Argument \"");
        put_clipped(&c->text, arg->string);
        put(&c->text, "\": ");
        if (property) {
            put_given(&c->text, arg);
            put(&c->text, " was given; allowed is ");
            put_allowed(&c->text, property);
            put(&c->text, ".");
            put_example(&c->text, property);
            continue;
        }
        put(&c->text, "there is no such argument; ");
        put(&c->text, properties && properties->child ? "allowed are " : "this tool takes none");
        cJSON_ArrayForEach(known, properties)
            put(&c->text, "%s%s", known == properties->child ? "" : ", ", known->string);
        put(&c->text, ".");
        if (properties && properties->child) put_example(&c->text, properties->child);
    }
}

static void check_required(const cJSON *schema, const cJSON *args, struct complaints *c) {
    const cJSON *name;
    cJSON_ArrayForEach(name, get(schema, "required")) {
        if (get(args, name->valuestring)) continue;
        if (!complain(c)) return;
        const cJSON *property = get(get(schema, "properties"), name->valuestring);
        put(&c->text, "Argument \"%s\": nothing was given, but it is required; allowed is ",
            name->valuestring);
        put_allowed(&c->text, property);
        put(&c->text, ".");
        put_example(&c->text, property);
    }
}

static void fill_defaults(const cJSON *schema, cJSON *args) {
    const cJSON *property;
    cJSON_ArrayForEach(property, get(schema, "properties")) {
        const cJSON *fallback = get(property, "default");
        if (fallback && !get(args, property->string))
            cJSON_AddItemToObject(args, property->string, cJSON_Duplicate(fallback, true));
    }
}

bool argcheck_apply(const cJSON *schema, cJSON *args, char *why, size_t cap) {
    struct complaints c = {.text = {.p = why, .cap = cap}};
    if (cap) why[0] = '\0';
    check_given(schema, args, &c);
    check_required(schema, args, &c);
    if (c.count == 0) fill_defaults(schema, args);
    return c.count == 0;
}
