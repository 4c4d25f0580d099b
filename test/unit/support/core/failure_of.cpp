// What becomes of a test whose body should have thrown.
#include "support/core/failure_of.hpp"

#include <gtest/gtest.h>

namespace mad::test {

Report nothing_was_thrown() {
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

}  // namespace mad::test
