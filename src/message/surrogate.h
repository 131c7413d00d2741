// The header of a letter that needs UTF-8 (RFC 6532), for a client that reads ASCII only (RFC 6858): what can
// be said in encoded words is, addresses that nobody could write to are replaced by one that is nobody's, and
// the rest is left out. Nothing but a copy for a look; the letter stays what it is.
//
// A field that is not even UTF-8 stays as it came: such letters are older than all of this, and programs
// guess.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pabal::message {

/// `header` with its empty line, if it has one.
std::string surrogate_header(std::string_view header);

}  // namespace pabal::message
