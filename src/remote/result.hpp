// What libpq gives back, as values of ours.
#pragma once

#include <memory>
#include <string>

#include <libpq-fe.h>

#include "core/failure.hpp"
#include "engine/executor.hpp"

namespace mad::remote {

struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// A field of an error or notice; "" where it is absent.
std::string diagnostic(const PGresult* result, int field);

Rows rows_of(const PGresult* result);

/// False for an error that libpq itself found.
bool is_from_server(const PGresult* error);
Report report_of(const PGresult* result);

}  // namespace mad::remote
