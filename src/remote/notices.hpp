// The notices of a session, kept until they can be said.
#pragma once

#include <cstddef>
#include <vector>

#include <libpq-fe.h>

#include "engine/host.hpp"

namespace mad::remote {

class Notices {
 public:
    Notices() = default;
    Notices(const Notices&) = delete;
    Notices& operator=(const Notices&) = delete;

    /// Takes NOTICEs and WARNINGs from now on; must outlive the connection.
    void receive_from(PGconn* connection) noexcept;
    void say_all(Host& host);

 private:
    static void receive(void* notices, const PGresult* notice) noexcept;
    void keep(const PGresult* notice);

    std::vector<Notice> kept_;
    std::size_t kept_bytes_ = 0;
    std::size_t dropped_ = 0;
};

}  // namespace mad::remote
