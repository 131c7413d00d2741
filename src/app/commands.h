// The commands that are more than a call of an admin method, and the way every admin method is called from
// the command line. Each prints what it has to say and returns the exit code. They block.
#pragma once

#include <vector>

#include "app/admin.h"
#include "app/command_line.h"
#include "app/exit_code.h"

namespace pabal::app {

struct Command {
  Method row;  ///< without a handler
  ExitCode (*run)(const Invocation& invocation, const Method& row);
};

/// serve, demo, status, config, domain records, store check, restore, completion.
std::vector<Command> local_commands();

/// Through the running server; else in the store itself, opened for as long as it takes.
ExitCode run_admin_command(const Invocation& invocation, const Method& row);

// One file each:
ExitCode run_serve(const Invocation& invocation, const Method& row);
ExitCode run_demo(const Invocation& invocation, const Method& row);
ExitCode run_status(const Invocation& invocation, const Method& row);
ExitCode run_config_check(const Invocation& invocation, const Method& row);
ExitCode run_config_show(const Invocation& invocation, const Method& row);
ExitCode run_config_reference(const Invocation& invocation, const Method& row);
ExitCode run_domain_records(const Invocation& invocation, const Method& row);
ExitCode run_store_check(const Invocation& invocation, const Method& row);
ExitCode run_restore(const Invocation& invocation, const Method& row);
ExitCode run_completion(const Invocation& invocation, const Method& row);

}  // namespace pabal::app
