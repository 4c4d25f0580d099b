// The extension's configuration parameters.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace mad::pg::settings {

void define();

std::string environment();
std::size_t jobs();
std::chrono::milliseconds lock_timeout();
std::chrono::milliseconds statement_timeout();
/// Connection options beyond those we set ourselves; may hold a password, so it never enters a
/// text.
bool asynchronous_commit();
std::string connection_options();

}  // namespace mad::pg::settings
