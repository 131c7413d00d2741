#include "app/commands.h"
#include "app/printing.h"

namespace pabal::app {

ExitCode run_serve(const Invocation& invocation, const Method&) {
  return print_error({ErrorKind::kRefuse, "the server is not built yet"}, invocation.global.json);
}

}  // namespace pabal::app
