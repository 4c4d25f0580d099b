// The environment variables that libpq would take defaults from, out of its sight for a while.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mad::remote {

/// The server inherits its starter's PGHOSTADDR, PGSERVICE, PGPASSWORD and the like, and libpq
/// takes no keyword for "not from there": an empty value means the default.
class HiddenEnvironment {
 public:
    HiddenEnvironment();
    HiddenEnvironment(const HiddenEnvironment&) = delete;
    HiddenEnvironment& operator=(const HiddenEnvironment&) = delete;
    ~HiddenEnvironment();

 private:
    std::vector<std::pair<std::string, std::string>> hidden_;
};

}  // namespace mad::remote
