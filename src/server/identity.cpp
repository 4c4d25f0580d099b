// Look-ups of roles.
#include "server/identity.hpp"

namespace mad::pg {

bool ScriptIdentity::is_weaker(Oid role) {
    return role != GetUserId() && !call([&] { return superuser_arg(role); });
}

Oid extension_owner() {
    const Oid owner = call([]() -> Oid {
        const Oid schema = get_namespace_oid("mad_migrate", true);
        HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
        if (!HeapTupleIsValid(tuple)) return InvalidOid;
        const Oid found = ((Form_pg_namespace)GETSTRUCT(tuple))->nspowner;
        ReleaseSysCache(tuple);
        return found;
    });
    if (!OidIsValid(owner)) {
        throw Failure(Code::internal, "schema \"mad_migrate\" does not exist", {},
                      "Run CREATE EXTENSION mad_migrate in this database.");
    }
    return owner;
}

Oid role_named(const std::string& name) {
    const char* const text = name.c_str();
    return call([&] { return get_role_oid(text, false); });
}

std::string role_name(Oid role) {
    const char* const name = call([&] { return GetUserNameFromId(role, true); });
    return name != nullptr ? name : std::to_string(role);
}

void require_owner(Oid owner) {
    const bool allowed = call([&] { return is_member_of_role(GetUserId(), owner); });
    if (allowed) return;
    throw Failure(Code::insufficient_privilege,
                  mad::format("must be member of role \"{}\"", role_name(owner)),
                  "A branch's scripts run as its owner.",
                  "Have a superuser grant you that role, or name another owner.");
}

std::string session_user() {
    return role_name(GetSessionUserId());
}

}  // namespace mad::pg
