// The fields of RFC 2045 and its relatives in a part's header, written into the part.
#pragma once

#include <string_view>

#include "message/structure.h"

namespace pabal::message::detail {

/// Fills in type, encoding and the rest. `in_digest`: a part that does not say is a letter (RFC 2046 §5.1.5).
void read_part_header(std::string_view header, bool in_digest, Part& part);

/// What the part's strings and parameters take in memory, about.
std::size_t detail_size(const Part& part);
/// Leaves type, encoding and places, which every part has.
void drop_details(Part& part);

/// The boundary of a multipart that can have parts, with two dashes in front; empty when it can't.
std::string delimiter_of(const Part& part);

}  // namespace pabal::message::detail
