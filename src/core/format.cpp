// The one file that contains fmt's machinery: nothing of fmt is needed at run time.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include "core/format.hpp"

namespace mad {

std::string format_arguments(fmt::string_view form, fmt::format_args arguments) {
    return fmt::vformat(form, arguments);
}

}  // namespace mad
