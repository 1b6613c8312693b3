/* web_parts.h: what the build makes of web/ (cmake/web_parts.cmake): its style sheet, and its modules joined to one
 * script. Both end in a zero that is not counted.
 */
#ifndef SEMID_REPORT_WEB_PARTS_H
#define SEMID_REPORT_WEB_PARTS_H

#include <stddef.h>

extern const unsigned char sid__web_style[], sid__web_script[];
extern const size_t sid__web_style_size, sid__web_script_size;

#endif
