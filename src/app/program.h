// The program `pabal`: one command line, from its words to its exit code.
#pragma once

#include <string>
#include <vector>

namespace pabal::app {

/// `args` without the program's own name. Prints to standard output and standard error; blocks until done.
int run_program(const std::vector<std::string>& args);

}  // namespace pabal::app
