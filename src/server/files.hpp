// Files on the server's disk.
#pragma once

#include <string>
#include <vector>

namespace mad::pg {

struct File {
    std::string name;
    std::string text;
};

/// The .sql files of a folder, by name in C order. Throws Failure or pg::Error naming what cannot
/// be read.
std::vector<File> read_scripts(const std::string& directory);
/// A file the extension installed below $sharedir/mad_migrate.
bool is_directory(const std::string& path);
std::string shared_path(const std::string& name);
std::string read_file(const std::string& path);

}  // namespace mad::pg
