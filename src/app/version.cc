#include "app/version.h"

namespace pabal::app {

const std::string_view kVersion = PABAL_VERSION;

}  // namespace pabal::app
