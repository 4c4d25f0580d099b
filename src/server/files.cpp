// Files on the server's disk.
#include "server/files.hpp"

#include <algorithm>

#include "server/boundary.hpp"

extern "C" {
#include <sys/stat.h>
}

namespace mad::pg {

namespace {

std::vector<std::string> list_scripts(const std::string& directory) {
    const char* const path = directory.c_str();
    DIR* const folder = call([&] { return AllocateDir(path); });
    std::vector<std::string> names;
    for (;;) {
        // ReadDir raises for a folder that could not be opened, and closes nothing.
        const dirent* const entry = call([&] { return ReadDir(folder, path); });
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name.ends_with(".sql") && !name.starts_with('.')) names.emplace_back(name);
    }
    call([&] { FreeDir(folder); });
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::string read_file(const std::string& path) {
    const char* const name = path.c_str();
    struct Content {
        char* bytes;
        std::size_t size;
    };
    const Content content = call([&] {
        FILE* const file = AllocateFile(name, PG_BINARY_R);
        struct stat status;
        if (file == nullptr || fstat(fileno(file), &status) != 0) {
            ereport(ERROR, (errcode_for_file_access(),
                            errmsg("could not open file \"%s\" for reading: %m", name)));
        }
        if (!S_ISREG(status.st_mode)) {
            ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                            errmsg("\"%s\" is not a regular file", name)));
        }
        Content read{};
        read.bytes = static_cast<char*>(palloc(static_cast<Size>(status.st_size) + 1));
        read.size = fread(read.bytes, 1, static_cast<std::size_t>(status.st_size), file);
        if (ferror(file) != 0) {
            ereport(ERROR,
                    (errcode_for_file_access(), errmsg("could not read file \"%s\": %m", name)));
        }
        FreeFile(file);
        return read;
    });
    return {content.bytes, content.size};
}

std::vector<File> read_scripts(const std::string& directory) {
    std::vector<File> files;
    for (std::string& name : list_scripts(directory)) {
        std::string text = read_file(mad::format("{}/{}", directory, name));
        files.push_back({std::move(name), std::move(text)});
    }
    return files;
}

bool is_directory(const std::string& path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string shared_path(const std::string& name) {
    char share[MAXPGPATH];
    get_share_path(my_exec_path, share);
    return mad::format("{}/mad_migrate/{}", share, name);
}

}  // namespace mad::pg
