// The configuration parameters of the queue and its workers.
#include "server/boundary.hpp"
#include "server/settings.hpp"

namespace mad::pg::settings {

namespace {

bool start_worker_value;
int job_attempts_value;
char* control_database_value;

}  // namespace

void define_queue() {
    DefineCustomBoolVariable(
        "mad_migrate.start_worker",
        "A transaction that queues jobs has a background worker started at its commit.",
        "Without, jobs are done by mad_migrate.work().", &start_worker_value, true, PGC_USERSET, 0,
        nullptr, nullptr, nullptr);
    DefineCustomIntVariable("mad_migrate.job_attempts", "Attempts at a job before it is given up.",
                            nullptr, &job_attempts_value, 10, 1, 1000, PGC_SIGHUP, 0, nullptr,
                            nullptr, nullptr);
    // The server defines no parameter of its start later on.
    if (!process_shared_preload_libraries_in_progress) return;
    DefineCustomStringVariable("mad_migrate.control_database",
                               "Control database whose queue is worked on from the server's start.",
                               "Counts where mad_migrate is in shared_preload_libraries.",
                               &control_database_value, "", PGC_POSTMASTER, 0, nullptr, nullptr,
                               nullptr);
}

bool start_worker() {
    return start_worker_value;
}

int job_attempts() {
    return job_attempts_value;
}

std::string control_database() {
    return control_database_value != nullptr ? control_database_value : "";
}

}  // namespace mad::pg::settings
