// The way of a letter as a person would tell it: a sentence or two for each event, and dialogues as they are
// printed in textbooks. Whatever strangers said is made harmless for a terminal here. All times are UTC.
//
//     Journey 1b1zggk0001sr
//     From alice@crepes.fr to bob@hamburger.edu
//     Relayed to hamburger.edu [192.0.2.7]:25 for bob@hamburger.edu at 2026-11-21 12:00:03 UTC, 210 ms after
//     it came.
//
//     2026-11-21 UTC
//     12:00:03.102  We spoke with hamburger.edu [192.0.2.7]:25.
//                     12:00:03.102  S: 220 hamburger.edu
//     12:00:03.214  hamburger.edu [192.0.2.7]:25 took the letter for bob@hamburger.edu: 250 2.0.0 Ok
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "journey/finder.h"
#include "journey/journal.h"
#include "journey/live.h"

namespace pabal::journey {

/// One line: what has become of the letter.
std::string tell_summary(const Journey& journey);
/// The same in a word, for tables and programs: "delivered", "relayed", "waiting", "held", "failed",
/// "dropped", "mixed", "refused", "accepted".
std::string_view outcome_word(const Journey& journey);

/// The whole of it, line by line.
std::string tell(const Journey& journey);
/// What happened, in a sentence or two: without its time, its dialogue and a line feed.
std::string tell_sentence(const Event& event);
/// The event with its time, and its dialogue below, each line with its line feed.
std::string tell_event(const Event& event);

// For those who follow live: the same, each with the journey it belongs to.
std::string tell_live(const Entry& entry);
std::string tell_live(const Overheard& line);

/// "2026-11-21T12:00:03.123456Z", for programs.
std::string to_rfc3339(WallTime time);

}  // namespace pabal::journey
