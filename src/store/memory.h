// The engine for tests: keeps the whole contract, forgets everything when it goes.
#pragma once

#include <memory>

#include "store/engine.h"

namespace pabal::store {

/// Reads answer at once. A commit, a finished blob and a sweep come back in a later round of the caller's
/// loop, as a disk's would, so that a caller which forgets that others run meanwhile is found out.
/// Every watch must be gone before the engine goes.
std::unique_ptr<Engine> make_memory_engine();

}  // namespace pabal::store
