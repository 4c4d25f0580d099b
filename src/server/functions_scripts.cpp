// SQL entry points that keep scripts: add_script, add_scripts, load_scripts, remove_script,
// revision, merge.
#include "core/quote.hpp"
#include "core/target.hpp"
#include "core/text.hpp"
#include "server/arguments.hpp"
#include "server/catalog.hpp"
#include "server/files.hpp"
#include "server/result_set.hpp"
#include "server/script_store.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

void return_revisions(FunctionCallInfo fcinfo, const std::vector<std::string>& revisions) {
    ResultSet results(fcinfo);
    for (const std::string& revision : revisions) results.add({revision});
}

std::vector<IncomingScript> read_all(const std::vector<std::string>& texts,
                                     const std::optional<std::vector<std::string>>& filenames) {
    if (filenames && filenames->size() != texts.size()) {
        throw Failure(Code::invalid_parameter, "scripts and filenames differ in number",
                      mad::format("Scripts given: {}, file names given: {}.", texts.size(),
                                  filenames->size()),
                      "Give one file name for each script, or leave filenames out.");
    }
    std::vector<IncomingScript> scripts;
    scripts.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        scripts.push_back(read_script(
            texts[i], filenames ? std::optional<std::string>((*filenames)[i]) : std::nullopt));
    }
    return scripts;
}

void require_file_access() {
    const bool allowed =
        call([] { return has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES); });
    if (allowed) return;
    throw Failure(Code::insufficient_privilege, "permission denied to read files of the server",
                  "Only roles with privileges of pg_read_server_files may use load_scripts.",
                  "Pass the texts instead: SELECT mad_migrate.add_script(...).");
}

std::vector<IncomingScript> read_directory(const std::string& directory) {
    std::vector<IncomingScript> scripts;
    for (const File& file : read_scripts(directory)) {
        scripts.push_back(read_script(file.text, file.name));
    }
    if (scripts.empty()) {
        throw Failure(Code::invalid_parameter,
                      mad::format("directory \"{}\" holds no scripts", directory),
                      "A script is a file whose name ends with .sql.");
    }
    return scripts;
}

std::string shipped_directory(const std::string& branch) {
    std::string directory = shared_path("migrations/" + branch);
    if (is_directory(directory)) return directory;
    throw Failure(
        Code::invalid_parameter,
        mad::format("the extension ships no scripts for branch \"{}\"", branch), {},
        mad::format(
            "Name a folder on the server's disk: SELECT mad_migrate.load_scripts({}, '/...').",
            quote_literal(branch)));
}

std::string new_revision_id() {
    const Rows rows = query("SELECT right(gen_random_uuid()::text, 12)");
    return rows[0][0].value();
}

std::string creation_date() {
    return query("SELECT to_char(now(), 'YYYY-MM-DD HH24:MI:SSOF')")[0][0].value();
}

struct NewRevision {
    std::string message;
    std::string heads;
    bool splice = false;
    std::optional<std::string> id;
    std::vector<std::string> labels;
    std::vector<std::string> depends_on;
    std::string upgrade_sql;
    std::string downgrade_sql;
    std::optional<std::string> irreversible;
};

/// Existing revisions are never replaced from here.
void refuse_known(const RevisionGraph& graph, const std::string& id) {
    if (!graph.find(id)) return;
    throw Failure(
        Code::duplicate_revision, mad::format("revision \"{}\" exists already", id), {},
        "Choose another rev_id, or remove that script first with mad_migrate.remove_script.");
}

Script compose(const RevisionGraph& graph, const NewRevision& wanted) {
    Script script;
    script.revision.id = wanted.id ? *wanted.id : new_revision_id();
    refuse_known(graph, script.revision.id);
    for (const mad::Node node : resolve_parents(graph, wanted.heads, wanted.splice)) {
        script.revision.down_revisions.push_back(graph[node].id);
    }
    script.revision.labels = wanted.labels;
    for (const std::string& item : wanted.depends_on) {
        script.revision.depends_on.push_back(resolve_dependency(graph, item));
    }
    script.message = wanted.message;
    script.create_date = creation_date();
    script.sections = {{Direction::upgrade, "", wanted.upgrade_sql, 1}};
    script.irreversible = wanted.irreversible;
    if (!wanted.irreversible) {
        script.sections.push_back({Direction::downgrade, "", wanted.downgrade_sql, 1});
    }
    return script;
}

std::string add_new(const std::string& branch, const Script& script) {
    std::string text = write_script(script);
    store_scripts(branch, {read_script(text, std::nullopt)});
    return text;
}

void say(const std::string& message, const std::string& hint) {
    const char* const what = message.c_str();
    const char* const next = hint.c_str();
    call([&] { ereport(NOTICE, (errmsg_internal("%s", what), errhint("%s", next))); });
}

void say_not_added(const std::string& branch, const std::string& id) {
    say(mad::format("revision \"{}\" is a draft and not yet added", id),
        mad::format("Fill in its sections and pass the text to mad_migrate.add_script({}, ...).",
                    quote_literal(branch)));
}

void say_irreversible(const std::string& id) {
    say(mad::format("revision \"{}\" cannot be downgraded: no downgrade_sql was given", id),
        "Pass downgrade_sql, which may be an empty text where nothing is to be undone.");
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_add_script) {
    const Arguments arguments(fcinfo);
    const std::string branch = arguments.text(0, "branch");
    const std::vector<std::string> added = store_scripts(
        branch, {read_script(arguments.text(1, "script"), arguments.optional_text(2))});
    if (!added.empty()) return text_datum(added.front());
    fcinfo->isnull = true;
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_add_scripts) {
    const Arguments arguments(fcinfo);
    const std::string branch = arguments.text(0, "branch");
    return_revisions(fcinfo,
                     store_scripts(branch, read_all(arguments.texts(1, "scripts"),
                                                    arguments.optional_texts(2, "filenames"))));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_load_scripts) {
    const Arguments arguments(fcinfo);
    require_file_access();
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const std::optional<std::string> directory = arguments.optional_text(1);
    return_revisions(
        fcinfo,
        store_scripts(branch, read_directory(directory ? *directory : shipped_directory(branch))));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_remove_script) {
    const Arguments arguments(fcinfo);
    remove_script(arguments.text(0, "branch"), arguments.text(1, "revision"));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_revision) {
    const Arguments arguments(fcinfo);
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    NewRevision wanted;
    wanted.message = arguments.text(1, "message");
    wanted.heads = arguments.text(2, "head");
    wanted.splice = arguments.boolean(3, "splice");
    wanted.id = arguments.optional_text(4);
    wanted.labels = arguments.optional_texts(5, "labels").value_or(std::vector<std::string>{});
    wanted.depends_on =
        arguments.optional_texts(6, "depends_on").value_or(std::vector<std::string>{});
    const std::optional<std::string> upgrade = arguments.optional_text(7);
    const std::optional<std::string> downgrade = arguments.optional_text(8);
    wanted.upgrade_sql = upgrade.value_or("");
    wanted.downgrade_sql = downgrade.value_or("");
    // An empty downgrade would claim to have undone what is still there.
    if (!wanted.upgrade_sql.empty() && !downgrade) {
        wanted.irreversible = "no downgrade_sql was given";
    }
    const Script script = compose(graph, wanted);
    if (upgrade || downgrade) {
        const std::string added = add_new(branch, script);
        if (wanted.irreversible) say_irreversible(script.revision.id);
        return text_datum(added);
    }
    const std::string draft = write_script(script);
    say_not_added(branch, script.revision.id);
    return text_datum(draft);
}

MAD_SQL_FUNCTION(mad_migrate_merge) {
    const Arguments arguments(fcinfo);
    const std::string branch = load_branch(arguments.text(0, "branch")).name;
    const RevisionGraph graph = load_graph(branch);
    NewRevision wanted;
    const std::vector<std::string> revisions = arguments.texts(1, "revisions");
    if (revisions.empty()) {
        throw Failure(Code::invalid_parameter, "no revisions to merge are given", {},
                      mad::format("Name them, or merge all heads: SELECT mad_migrate.merge({}, "
                                  "'{{heads}}').",
                                  quote_literal(branch)));
    }
    wanted.heads = join(revisions, ",");
    wanted.message = arguments.text(2, "message");
    wanted.splice = arguments.boolean(3, "splice");
    wanted.id = arguments.optional_text(4);
    wanted.labels = arguments.optional_texts(5, "labels").value_or(std::vector<std::string>{});
    return text_datum(add_new(branch, compose(graph, wanted)));
}
