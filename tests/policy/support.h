// SPDX-License-Identifier: MIT
// What the policy tests share: policies from text, and questions in one line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/explain.h"
#include "sluice/policy/load.h"
#include "sluice/policy/program.h"

namespace sluice::policy {

// Gives the program of a policy that must load. The file is called `p.toml`.
Program program_of(std::string_view text, const CompileOptions& options = {});
// Gives what is wrong with a policy, as lines; "" if nothing is.
std::string wrong_with(std::string_view text, const Resolver& resolver = no_files());

// Gives the terms at a path; a trailing slash makes it a directory.
Terms terms_at(const Program& program, std::string_view path, std::string_view subject = "anyone");
// Gives "see read execute write" of it, such as "yes native native deny".
std::string grant_at(const Program& program, std::string_view path,
                     std::string_view subject = "anyone");

// Gives a program's content by name; how inspections end by "too_big" and the like.
ContentId content_of(const Program& program, std::string_view name);
// Gives "see read execute write" of a file in which that is found, and nothing else; "": nothing.
std::string grant_if(const Program& program, std::string_view path, std::string_view subject,
                     std::string_view content);

// Gives a policy with one rule that hides what `globs` name.
std::string hiding(const std::vector<std::string>& globs);
// Tells whether that policy hides a path.
bool hides(const Program& program, std::string_view path);

// Gives a string as TOML writes it.
std::string toml_string(std::string_view text);

}  // namespace sluice::policy
