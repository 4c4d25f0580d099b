// The extension's configuration parameters.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace mad::pg::settings {

void define();
void define_queue();  // its part of that

std::string environment();
std::size_t jobs();
std::chrono::milliseconds lock_timeout();
std::chrono::milliseconds statement_timeout();
bool asynchronous_commit();
/// Spare clones that a pool is filled up to.
std::size_t pool_size();
/// "auto", "wal_log" or "file_copy".
std::string clone_strategy();
bool start_worker();
/// At a job, before it is given up.
int job_attempts();
/// Whose queue is worked on from the server's start; empty: none's.
std::string control_database();
/// Connection options beyond those we set ourselves; may hold a password, so it never enters a
/// text.
std::string connection_options();

}  // namespace mad::pg::settings
