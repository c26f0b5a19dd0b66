/* The table: adding a tool is one file and one line here.
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/tools/tools.h"

const struct tool *const tool_table[] = {
    &tool_list_network_interfaces, &tool_start_packet_capture, &tool_get_capture_status,
    &tool_stop_packet_capture,     &tool_get_capture_report,   &tool_list_captures,
    &tool_analyze_capture_file,
};
const size_t tool_table_count = sizeof tool_table / sizeof tool_table[0];
