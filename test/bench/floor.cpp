// The floor of a fleet run: some connections at a time, one batch for each database, nothing else.
// Usage: floor <conninfo> <file of the batch> <connections> < names of databases
#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Job {
    PGconn* connection;
    PostgresPollingStatusType connecting = PGRES_POLLING_WRITING;
};

[[noreturn]] void give_up(const PGconn* connection) {
    std::fputs(PQerrorMessage(connection), stderr);
    std::exit(EXIT_FAILURE);
}

Job start(const std::string& conninfo, const std::string& database) {
    return {PQconnectStart((conninfo + " dbname=" + database).c_str())};
}

void connect(Job& job, const std::string& batch) {
    job.connecting = PQconnectPoll(job.connection);
    if (job.connecting == PGRES_POLLING_FAILED) give_up(job.connection);
    if (job.connecting != PGRES_POLLING_OK) return;
    PQsetNoticeProcessor(job.connection, [](void*, const char*) {}, nullptr);
    if (PQsendQuery(job.connection, batch.c_str()) == 0) give_up(job.connection);
}

/// True when the server has said all.
bool receive(const Job& job) {
    if (PQconsumeInput(job.connection) == 0) give_up(job.connection);
    while (PQisBusy(job.connection) == 0) {
        PGresult* const result = PQgetResult(job.connection);
        if (result == nullptr) return true;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) give_up(job.connection);
        PQclear(result);
    }
    return false;
}

bool advance(Job& job, const std::string& batch) {
    if (job.connecting == PGRES_POLLING_OK) return receive(job);
    connect(job, batch);
    return false;
}

std::vector<pollfd> interests(const std::vector<Job>& jobs) {
    std::vector<pollfd> sockets;
    for (const Job& job : jobs) {
        const bool writes = job.connecting == PGRES_POLLING_WRITING;
        sockets.push_back(
            {PQsocket(job.connection), static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    }
    return sockets;
}

void turn(std::vector<Job>& jobs, const std::string& batch) {
    std::vector<pollfd> sockets = interests(jobs);
    poll(sockets.data(), sockets.size(), -1);
    std::vector<Job> going_on;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (sockets[i].revents != 0 && advance(jobs[i], batch)) {
            PQfinish(jobs[i].connection);
        } else {
            going_on.push_back(jobs[i]);
        }
    }
    jobs = std::move(going_on);
}

void run(const std::string& conninfo, const std::string& batch, std::size_t connections,
         const std::vector<std::string>& databases) {
    std::vector<Job> jobs;
    for (auto next = databases.begin(); next != databases.end() || !jobs.empty();) {
        while (next != databases.end() && jobs.size() < connections) {
            jobs.push_back(start(conninfo, *next++));
        }
        turn(jobs, batch);
    }
}

}  // namespace

/// Prints the milliseconds for each database.
int main(int, char** arguments) {
    std::ifstream file(arguments[2]);
    const std::string batch{std::istreambuf_iterator<char>(file), {}};
    const std::vector<std::string> databases{std::istream_iterator<std::string>(std::cin), {}};
    const auto begun = std::chrono::steady_clock::now();
    run(arguments[1], batch, std::stoul(arguments[3]), databases);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begun;
    std::printf("%.3f\n", time.count() / static_cast<double>(databases.size()));
}
