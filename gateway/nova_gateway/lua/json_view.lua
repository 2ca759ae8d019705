-- Adds to a response what the transcoder leaves out: a null for every documented key that has no value.
--
-- The transcoder prints the keys of a message in the order of its fields, and never prints a key twice. So one pass along
-- the text, with the fields of `SHAPES` beside it, finds where a key is missing; nothing has to be parsed.

local text, pieces, copied

-- Puts `addition` into the answer at `position` of the text.
local function insert(position, addition)
  pieces[#pieces + 1] = text:sub(copied, position - 1)
  pieces[#pieces + 1] = addition
  copied = position
end

local object

local function after_value(position, shape)
  local byte = text:byte(position)
  if byte == 34 then return end_of_string(text, position) + 1 end
  if byte == 123 then return object(position, shape) end
  if byte ~= 91 then return text:find("[,}%]]", position) end
  position = position + 1
  while text:byte(position) ~= 93 do
    position = after_value(position, shape)
    if text:byte(position) == 44 then position = position + 1 end
  end
  return position + 1
end

-- Walks the object that opens at `position`, and returns where the text goes on after it.
function object(position, shape)
  local separator = "" -- what a null needs before it
  position = position + 1
  for index = 1, #shape do
    local field = shape[index]
    local key = field.key
    if text:sub(position, position + #key - 1) == key then
      position = after_value(position + #key, field.shape)
      separator = ","
      if text:byte(position) == 44 then position, separator = position + 1, "" end
    elseif field.nullable then
      local last = text:byte(position) == 125
      insert(position, separator .. key .. "null" .. (last and "" or ","))
      separator = last and "," or ""
    end
  end
  return position + 1
end

-- Returns `body`, the transcoder's JSON of the message that `shape` describes, with every key in it.
function complete(body, shape)
  text, pieces, copied = body, {}, 1
  object(1, shape)
  pieces[#pieces + 1] = text:sub(copied)
  text = nil
  return table.concat(pieces)
end
