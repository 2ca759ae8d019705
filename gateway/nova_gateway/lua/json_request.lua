-- Checks a request's body before the transcoder sees it. The transcoder is lenient where the contract is not: it takes
-- trailing commas, single quotes, numbers for enum values and objects for lists, the last of two equal keys, and leaves
-- nulls out of lists, so that a caller's mistake would be scored as something that nobody meant.
--
-- Keys that a message does not have are ignored, whatever is below them, as long as it is JSON.

local MAX_DEPTH = 64 -- the transcoder's own
local MAX_FAULTS = 40 -- travel in one header, far below the 16 KiB that the api accepts of all of them

local text, faults, controls

local function fault(path, code, argument)
  if #faults == MAX_FAULTS then return end
  faults[#faults + 1] = (path == "" and "body" or path) .. "=" .. code .. (argument and ":" .. argument or "")
end

local function malformed(position)
  error({ code = "malformed_json", argument = position }, 0)
end

local function next_token(position)
  return text:find("[^ \t\r\n]", position) or malformed(#text + 1)
end

-- Where each control character is next. Looking for one after the other is ten times as fast as for all of them at once.
local function find_controls()
  controls = {}
  for code = 0, 31 do
    local character = string.char(code)
    controls[character] = text:find(character, 1, true)
  end
end

local function check_controls(opening, closing)
  for character, position in pairs(controls) do
    if position < opening then position = text:find(character, opening, true) or math.huge end
    if position < closing then malformed(position) end
    controls[character] = position
  end
end

local function string_at(position)
  local closing = end_of_string(text, position) or malformed(position)
  check_controls(position, closing)
  return closing
end

local ESCAPES = {}
for escape in ('"\\/bfnrtu'):gmatch(".") do ESCAPES[escape:byte()] = true end

local function check_escapes()
  local position = text:find("\\", 1, true)
  while position do
    if not ESCAPES[text:byte(position + 1)] then malformed(position) end
    position = text:find("\\", position + 2, true)
  end
end

local function key_at(position)
  if text:byte(position) ~= 34 then malformed(position) end
  local closing = string_at(position)
  local key = text:sub(position + 1, closing - 1)
  if key:find("\\", 1, true) then
    key = key:gsub("\\u00(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  end
  local colon = next_token(closing + 1)
  if text:byte(colon) ~= 58 then malformed(colon) end
  return key, next_token(colon + 1)
end

local WORDS = { ["true"] = "boolean", ["false"] = "boolean", ["null"] = "null" }

local function is_number(word)
  local whole, rest = word:match("^-?(%d+)(.*)$")
  if not whole or whole:find("^0%d") then return false end
  return rest:gsub("^%.%d+", "", 1):gsub("^[eE][+-]?%d+$", "", 1) == ""
end

-- Returns the type of the number, true, false or null at `position`, and where it ends.
local function bare_word(position)
  local _, last, word = text:find("^([%w%.+-]+)", position)
  local kind = word and (WORDS[word] or is_number(word) and "number")
  if not kind then malformed(position) end
  return kind, last
end

local value

-- Calls `element` for each part between the bracket at `position` and its partner, and returns where that is.
local function each(position, closing, element)
  position = next_token(position + 1)
  if text:byte(position) == closing then return position end
  while true do
    position = next_token(element(position) + 1)
    local byte = text:byte(position)
    if byte == closing then return position end
    if byte ~= 44 then malformed(position) end
    position = next_token(position + 1)
  end
end

-- Notes that `field` is given, and a fault when it, or another of its oneof, was given before.
local function note(seen, key, field, path)
  if seen[key] then fault(path, "duplicate_key") end
  local other = field.oneof and seen[field.oneof]
  if other and other ~= key then fault(path, "conflict", other) end
  seen[key] = true
  if field.oneof then seen[field.oneof] = key end
end

local function object(position, message, path, depth)
  local fields, seen = message and MESSAGES[message] or {}, {}
  return each(position, 125, function(at)
    local key, start = key_at(at)
    local field = fields[key]
    if not field then return value(start, nil, nil, depth) end
    local below = path == "" and key or path .. "." .. key
    if text:sub(start, start + 3) ~= "null" then note(seen, key, field, below) end
    return value(start, field, below, depth)
  end)
end

local function array(position, field, path, depth)
  local index = -1
  local element = field and field.element
  return each(position, 93, function(at)
    index = index + 1
    return value(at, element, path and path .. "[" .. index .. "]", depth)
  end)
end

local function check_type(field, path, kind, word)
  if kind == "null" and field.nullable then return end
  if field.type == "enum" then
    if kind ~= "string" or not field.values[word] then fault(path, "invalid", field.names) end
  elseif kind ~= field.type then
    fault(path, "wrong_type", field.type)
  end
end

-- Checks the value at `position` and returns where it ends. Without a `field` only its grammar is checked.
function value(position, field, path, depth)
  if depth > MAX_DEPTH then error({ code = "too_deep", argument = MAX_DEPTH }, 0) end
  local byte, kind, last = text:byte(position), nil, nil
  if byte == 123 then
    local message = field and field.type == "object" and field.message
    kind, last = "object", object(position, message, message and path, depth + 1)
  elseif byte == 91 then
    local list = field and field.type == "array" and field
    kind, last = "array", array(position, list, list and path, depth + 1)
  elseif byte == 34 then
    kind, last = "string", string_at(position)
  else
    kind, last = bare_word(position)
  end
  if field then check_type(field, path, kind, kind == "string" and text:sub(position + 1, last - 1)) end
  return last
end

local function walk(message)
  check_escapes()
  find_controls()
  local first = next_token(1)
  local last = value(first, { type = "object", message = message }, "", 1)
  if text:find("[^ \t\r\n]", last + 1) then malformed(last + 1) end
end

-- Returns what is wrong with `body` as the JSON of `message`: `path=code:argument` items separated by semicolons, or nil.
function check_request(body, message)
  text, faults = body, {}
  local sound, problem = pcall(walk, message)
  text = nil
  if not sound then
    if type(problem) ~= "table" then error(problem, 0) end
    faults = { "body=" .. problem.code .. ":" .. problem.argument }
  end
  return faults[1] and table.concat(faults, ";")
end
