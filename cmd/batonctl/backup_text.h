// File: backup_text.h
//
// What a backup holds, as text and as JSON.
#pragma once

#include <string>

#include "cmd/batonctl/backup_file.h"
#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"

namespace baton::batonctl {

// Prints to context->out, in the form that the arguments ask for.
void PrintBackup(const Arguments& arguments, const std::string& path,
                 const BackupContents& contents, Context* context);

}  // namespace baton::batonctl
