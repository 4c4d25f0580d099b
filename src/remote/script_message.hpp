// The one message that runs a script and its record in a transaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace mad::remote {

/// Names in our own statements must not be looked up where others can create something.
inline constexpr std::string_view take_own_path = "SET search_path = pg_catalog, pg_temp";
/// Ends what earlier statements set.
inline constexpr std::string_view forget_settings = "SET SESSION AUTHORIZATION DEFAULT; RESET ALL";

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
