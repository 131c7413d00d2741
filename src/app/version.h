// Which Pabal this is.
#pragma once

#include <string_view>

namespace pabal::app {

/// As in the top CMakeLists.txt, which hands it to version.cc.
extern const std::string_view kVersion;

}  // namespace pabal::app
