// Who the backend acts as: the extension's owner for our own tables, a branch's owner for its
// scripts.
#pragma once

#include "server/boundary.hpp"

namespace mad::pg {

/// Acts as another role until it goes out of scope. A script cannot leave it: with the local-userid
/// flag set the server refuses SET ROLE and SET SESSION AUTHORIZATION.
class Identity {
 public:
    explicit Identity(Oid role, bool restricted = false) noexcept {
        GetUserIdAndSecContext(&saved_role_, &saved_context_);
        SetUserIdAndSecContext(role, saved_context_ | SECURITY_LOCAL_USERID_CHANGE |
                                         (restricted ? SECURITY_RESTRICTED_OPERATION : 0));
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    ~Identity() { SetUserIdAndSecContext(saved_role_, saved_context_); }

 private:
    Oid saved_role_;
    int saved_context_;
};

/// Acts as the role whose script or hook runs. Where that role has fewer rights than the caller, it
/// must leave nothing behind that would run as the caller: the server then refuses deferred
/// triggers, temporary objects, prepared statements and held cursors.
class ScriptIdentity {
 public:
    explicit ScriptIdentity(Oid role) : identity_(role, is_weaker(role)) {}

 private:
    static bool is_weaker(Oid role);

    Identity identity_;
};

/// The owner of schema mad_migrate in this database.
Oid extension_owner();
/// Throws Failure where there is no such role.
Oid role_named(const std::string& name);
/// A number where there is no such role any more.
std::string role_name(Oid role);
/// Only who could act as a branch's owner anyway may say what runs as that owner.
void require_owner(Oid owner);
/// Who logged in, whatever role is set.
std::string session_user();

}  // namespace mad::pg
