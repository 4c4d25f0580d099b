// Variables named PG... are hidden for a while, and come back as they were.
#include "remote/environment.hpp"

#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace mad::remote {
namespace {

std::optional<std::string> variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

TEST(Environment, HidesWhatLibpqReads) {
    setenv("PGHOSTADDR", "192.0.2.1", 1);
    setenv("PGPASSWORD", "a=b", 1);
    setenv("PGSERVICE", "", 1);
    setenv("PGLOCALEDIR", "/somewhere", 1);
    setenv("XPGHOST", "not libpq's", 1);
    {
        const HiddenEnvironment hidden;
        for (const char* const name : {"PGHOSTADDR", "PGPASSWORD", "PGSERVICE"}) {
            EXPECT_FALSE(variable(name)) << name;
        }
        EXPECT_EQ(variable("PGLOCALEDIR"), "/somewhere");
        EXPECT_EQ(variable("XPGHOST"), "not libpq's");
    }
    EXPECT_EQ(variable("PGHOSTADDR"), "192.0.2.1");
    EXPECT_EQ(variable("PGPASSWORD"), "a=b");
    EXPECT_EQ(variable("PGSERVICE"), "");
    for (const char* const name :
         {"PGHOSTADDR", "PGPASSWORD", "PGSERVICE", "PGLOCALEDIR", "XPGHOST"}) {
        unsetenv(name);
    }
}

}  // namespace
}  // namespace mad::remote
