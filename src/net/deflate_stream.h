// Compression over another stream: raw DEFLATE in both directions (RFC 1951), as IMAP's COMPRESS wants
// it (RFC 4978). Sessions reach it through Connection::start_deflate. zlib is behind this header and not in
// it.
//
// Each write_all ends at a byte's border with all that was written (zlib's sync flush), so that the peer sees
// it whole. What comes is unpacked straight into the reader's buffer: a bomb of a peer fills that and waits.
// Bytes that are no DEFLATE say kClose to the reader; our direction still works, for last words.
//
// An idle stream costs little. When the peer has been silent for kDeflateRest, the compressor (64 KiB)
// goes, and of the decompressor (7 KiB and a window of 32 KiB) only the bytes stay that the peer may still
// refer to: what it sent so far, 32 KiB at most. The next bytes bring both back; what is lost is
// that our next words can't refer to earlier ones.
#pragma once

#include <chrono>
#include <memory>

#include "net/stream.h"

namespace pabal::net {

inline constexpr std::chrono::seconds kDeflateRest{5};

std::unique_ptr<Stream> make_deflate_stream(Loop& loop, std::unique_ptr<Stream> lower);

}  // namespace pabal::net
