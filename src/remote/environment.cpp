// Hiding and giving back the variables named PG...
#include "remote/environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace mad::remote {
namespace {

/// PGLOCALEDIR only says where libpq's translations are, and libpq looks once in a process's life.
bool is_for_libpq(std::string_view name) {
    return name.starts_with("PG") && name != "PGLOCALEDIR";
}

}  // namespace

HiddenEnvironment::HiddenEnvironment() {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || !is_for_libpq(text.substr(0, equals))) continue;
        hidden_.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    for (const auto& [name, value] : hidden_) unsetenv(name.c_str());
}

HiddenEnvironment::~HiddenEnvironment() {
    for (const auto& [name, value] : hidden_) setenv(name.c_str(), value.c_str(), 1);
}

}  // namespace mad::remote
