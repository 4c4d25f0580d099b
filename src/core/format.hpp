// fmt's format, with its machinery compiled once: as headers alone it would be in every file again.
#pragma once

#include <fmt/core.h>

#include <string>

namespace mad {

std::string format_arguments(fmt::string_view form, fmt::format_args arguments);

/// Like fmt::format: the form is checked against the arguments' types when it is compiled.
template <typename... Arguments>
std::string format(fmt::format_string<Arguments...> form, Arguments&&... arguments) {
    return format_arguments(form, fmt::make_format_args(arguments...));
}

}  // namespace mad
