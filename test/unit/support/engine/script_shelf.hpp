// A ScriptSource that holds what a test puts into it.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure.hpp"
#include "engine/script_source.hpp"

namespace mad::test {

/// A script's body with its statements, which are given in order; it begins at line 5.
RunnableScript script_of(const std::string& revision, std::initializer_list<Statement> statements);

Statement within(std::string_view text);
Statement outside(std::string_view text);

class ScriptShelf final : public ScriptSource {
 public:
    ScriptShelf();
    ~ScriptShelf() override;

    void prepare(std::span<const Step> steps) override;
    const RunnableScript& script(std::string_view revision, Direction direction) const override;

    RunnableScript& put(const std::string& revision, Direction direction,
                        std::initializer_list<Statement> statements);

    std::optional<Failure> refusal;  // of prepare()
    std::vector<std::string> prepared;

 private:
    std::map<std::pair<std::string, Direction>, RunnableScript> scripts_;
};

}  // namespace mad::test
