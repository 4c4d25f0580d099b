// The one message that runs a script and its record in a transaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace mad::remote {

class ScriptMessage {
 public:
    enum class Transaction { own, already_open };

    ScriptMessage(std::string_view script, std::string_view record,
                  Transaction transaction = Transaction::own);

    const std::string& text() const noexcept { return text_; }
    /// A failure of the message as one of the script: statements and position are counted in the
    /// script alone.
    Report in_script(Report report) const;

 private:
    std::string text_;
    std::size_t statements_before_ = 0;
    std::size_t characters_before_ = 0;
    std::size_t script_characters_ = 0;
};

}  // namespace mad::remote
